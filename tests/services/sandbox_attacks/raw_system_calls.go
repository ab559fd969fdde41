// attack: Calls the kernel directly: new namespaces, mounts, tracing, BPF.
// needs: system_calls=filtered
package main

import (
	"fmt"
	"os/exec"
	"syscall"
)

func main() {
	if syscall.Unshare(syscall.CLONE_NEWUSER|syscall.CLONE_NEWNET) == nil {
		fmt.Println("ESCAPED unshared")
	}
	if syscall.Mount("tmpfs", "/tmp", "tmpfs", 0, "") == nil {
		fmt.Println("ESCAPED mounted")
	}
	if syscall.PtraceAttach(1) == nil {
		fmt.Println("ESCAPED traced")
	}
	if syscall.Chroot("/") == nil {
		fmt.Println("ESCAPED changed its root")
	}
	command := exec.Command("/bin/true")
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS}
	if command.Run() == nil {
		fmt.Println("ESCAPED started in new namespaces")
	}
	fmt.Println("tried")
}
