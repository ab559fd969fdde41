// attack: Fills the disk from many goroutines.
// needs: disk=capped|watched
// ends: program|disk|memory
package main

import (
	"fmt"
	"os"
	"sync"
)

func main() {
	var all sync.WaitGroup
	written := make([]int, 30)
	for i := range written {
		all.Add(1)
		go func() {
			defer all.Done()
			file, _ := os.Create(fmt.Sprint("part-", i))
			block := make([]byte, 1_000_000)
			for range 50 {
				n, err := file.Write(block)
				written[i] += n
				if err != nil {
					return
				}
			}
		}()
	}
	all.Wait()
	sum := 0
	for _, n := range written {
		sum += n
	}
	if sum > 1_400_000_000 {
		fmt.Println("ESCAPED with", sum)
	}
	fmt.Println("tried")
}
