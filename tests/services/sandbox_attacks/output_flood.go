// attack: Talks without end, with bytes that are no text.
// needs: time=limited
// ends: output
package main

import "os"

func main() {
	block := make([]byte, 65_536)
	for i := range block {
		block[i] = 0xFF
	}
	for {
		_, _ = os.Stdout.Write(block)
	}
}
