// attack: Leaves a child in a session of its own behind.
// needs: leftovers=none
package main

import (
	"fmt"
	"os/exec"
	"syscall"
)

func main() {
	command := exec.Command("sleep", "@MARK@")
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	_ = command.Start()
	fmt.Println("tried")
}
