// attack: Reads and writes the host's files.
// needs: host_files=hidden|closed
package main

import (
	"fmt"
	"os"
)

func main() {
	for _, place := range []string{"/etc/shadow", "/etc/passwd", "@SECRET_FILE@", "/proc/1/environ"} {
		if content, err := os.ReadFile(place); err == nil && len(content) > 0 {
			fmt.Println("ESCAPED read", place)
		}
	}
	for _, place := range []string{"/etc/new", "/usr/new", "@SECRET_FILE@.new", "/var/tmp/new"} {
		if os.WriteFile(place, []byte("x"), 0o644) == nil {
			fmt.Println("ESCAPED wrote", place)
		}
	}
	fmt.Println("tried")
}
