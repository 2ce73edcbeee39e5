// Prose counts habits of speech that the repository's English should not have: in
// doc comments, other comments, error messages and the documentation in Markdown.
// It fails if one of them is more frequent than its limit; see [habits].
//
//	go run ./.ci/prose .
//	go run ./.ci/prose -v . # with the positions
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
)

func main() {
	log.SetFlags(0)
	verbose := flag.Bool("v", false, "print the position of each find")
	flag.Parse()
	texts, err := repository(flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	counts := count(texts)
	if *verbose {
		for _, f := range counts.finds {
			fmt.Println(f)
		}
	}
	counts.print(os.Stdout)
	if faults := counts.beyond(); len(faults) > 0 {
		for _, fault := range faults {
			fmt.Println(fault)
		}
		os.Exit(1)
	}
}
