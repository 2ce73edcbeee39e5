package outages

import "time"

// Scenario is an outage or an attack, and what an operator has to know about it.
type Scenario struct {
	// Name is that of the files and of the anchor.
	Name, Title string
	// Fallback gives the limiter one.
	Fallback bool
	// Prepare, if set, runs before the start, and may add to the load.
	Prepare func(w *world)
	// Breaks and Mends happen at Break and at Mend since the start.
	Breaks, Mends func(w *world)
	// Begins and Ends are what happens then, in the picture.
	Begins, Ends string
	// Length is a multiple of Step, and so is Break.
	Length, Break, Mend, Step time.Duration
	Load                      []stream
	// Second is what the lower part of the picture shows.
	Second Panel
}

// Panel is a chart of series.
type Panel struct {
	Title  string
	Series []Series
}

// Scenarios returns all of them, in the order of the page.
func Scenarios() []Scenario {
	var all []Scenario
	for _, group := range Groups() {
		all = append(all, group.Scenarios...)
	}
	return all
}

// Group is a section of the page.
type Group struct {
	Title     string
	Scenarios []Scenario
}

// Groups returns the sections of the page.
func Groups() []Group {
	return []Group{
		{"Keys", keyOutages()},
		{"Stores", storeOutages()},
		{"Attacks", attacks()},
		{"One client, one route", singles()},
		{"Seen by the app", appOutages()},
	}
}

func nothing(*world) {}
