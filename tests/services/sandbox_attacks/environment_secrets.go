// attack: Looks for keys in its environment, its arguments and its build.
// needs: environment=clean
package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
)

func main() {
	build, _ := debug.ReadBuildInfo()
	seen := strings.Join(os.Environ(), "\n") + strings.Join(os.Args, "\n") + fmt.Sprint(build)
	if strings.Contains(seen, "@SECRET@") {
		fmt.Println("ESCAPED found the key")
	}
	fmt.Println("tried")
}
