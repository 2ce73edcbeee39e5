package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
)

func TestPictureIsUpToDate(t *testing.T) {
	got, err := os.ReadFile("../guards.svg")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != draw(parse(description)) {
		t.Error("docs/guards.svg is not the picture of guards.txt: go generate ./docs/picture")
	}
}

func TestPictureIsWellFormed(t *testing.T) {
	d := xml.NewDecoder(strings.NewReader(draw(parse("A & B | 401 <x> | why?\n"))))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestPictureHasCodesOfTheTable(t *testing.T) {
	statuses := make(map[string]int)
	for _, c := range bearergate.Codes() {
		statuses[string(c)] = c.Status()
	}
	for _, g := range parse(description) {
		for _, refusal := range g.refusals {
			status, code, _ := strings.Cut(refusal, " ")
			if want := statuses[code]; status != strconv.Itoa(want) {
				t.Errorf("%s: got %s, want the status of the table, %d", g.name, refusal, want)
			}
		}
	}
}
