// attack: Takes memory in many goroutines.
// needs: memory=tree
// ends: memory|program
package main

import "fmt"

func main() {
	parts := make(chan []byte)
	for range 90 {
		go func() {
			part := make([]byte, 10_000_000)
			for i := range part {
				part[i] = 1
			}
			parts <- part
		}()
	}
	kept := [][]byte{}
	for range 90 {
		kept = append(kept, <-parts)
	}
	fmt.Println("ESCAPED with", len(kept), "parts")
}
