// attack: Dials every kind of address, and opens sockets with the system call itself.
// needs: network=none
package main

import (
	"fmt"
	"net"
	"syscall"
	"time"
)

func main() {
	for network, address := range map[string]string{
		"tcp": "127.0.0.1:@PORT@", "tcp6": "[::1]:@PORT@", "tcp4": "192.0.2.1:443", "unix": "@UNIX_SOCKET@",
	} {
		if _, err := net.DialTimeout(network, address, time.Second); err == nil {
			fmt.Println("ESCAPED reached", address)
		}
	}
	if _, err := net.LookupHost("example.com"); err == nil {
		fmt.Println("ESCAPED resolved a name")
	}
	for _, family := range []int{17, 31, 38, 40, 44} {
		if _, err := syscall.Socket(family, syscall.SOCK_RAW, 0); err == nil {
			fmt.Println("ESCAPED opened family", family)
		}
	}
	fmt.Println("tried")
}
