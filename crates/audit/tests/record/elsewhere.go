// Checks an export, a checkpoint and proofs of tenure with implementations that were not written for it:
// golang.org/x/mod/sumdb/note and golang.org/x/mod/sumdb/tlog. It reads one JSON object from standard input and
// prints what it checked, or ends with an error.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type inclusion struct {
	Position, Size int64
	Hash           string
	Proof          []string
}

type consistency struct {
	Old, Size int64
	Proof     []string
}

type input struct {
	Export      string
	Key         string
	Checkpoints []string
	Inclusions  []inclusion
	Consistency []consistency
}

type line struct {
	Record *struct {
		Position int64
		Hash     string
		Leaf     string
	}
}

func fail(format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

func hash(text string) (h tlog.Hash) {
	bytes, err := hex.DecodeString(text)
	if err != nil || len(bytes) != len(h) {
		fail("%q is no hash", text)
	}
	copy(h[:], bytes)
	return h
}

func hashes(texts []string) (all []tlog.Hash) {
	for _, text := range texts {
		all = append(all, hash(text))
	}
	return all
}

func main() {
	var in input
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		fail("input: %v", err)
	}

	// The tree over the leaves, by tlog's own storage.
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			out[i] = stored[index]
		}
		return out, nil
	})
	var size int64
	scanner := bufio.NewScanner(strings.NewReader(in.Export))
	scanner.Buffer(nil, 16<<20)
	for scanner.Scan() {
		var l line
		if err := json.Unmarshal(scanner.Bytes(), &l); err != nil {
			fail("export: %v", err)
		}
		if l.Record == nil {
			continue
		}
		if tlog.RecordHash([]byte(l.Record.Leaf)) != hash(l.Record.Hash) || l.Record.Position != size+1 {
			fail("record %d is not what it says", l.Record.Position)
		}
		added, err := tlog.StoredHashes(size, []byte(l.Record.Leaf), reader)
		if err != nil {
			fail("record %d: %v", l.Record.Position, err)
		}
		stored = append(stored, added...)
		size++
	}

	verifier, err := note.NewVerifier(in.Key)
	if err != nil {
		fail("key: %v", err)
	}
	root := func(n int64) tlog.Hash {
		h, err := tlog.TreeHash(n, reader)
		if err != nil {
			fail("root of %d: %v", n, err)
		}
		return h
	}
	for _, text := range in.Checkpoints {
		opened, err := note.Open([]byte(text), note.VerifierList(verifier))
		if err != nil {
			fail("checkpoint: %v", err)
		}
		lines := strings.Split(opened.Text, "\n")
		n, err := strconv.ParseInt(lines[1], 10, 64)
		if err != nil || lines[0] != verifier.Name() {
			fail("checkpoint of %q: %v", lines[0], err)
		}
		told, err := tlog.ParseHash(lines[2])
		if err != nil || told != root(n) {
			fail("checkpoint of %d: the root is another", n)
		}
	}
	for _, p := range in.Inclusions {
		if err := tlog.CheckRecord(hashes(p.Proof), p.Size, root(p.Size), p.Position-1, hash(p.Hash)); err != nil {
			fail("record %d in %d: %v", p.Position, p.Size, err)
		}
	}
	for _, p := range in.Consistency {
		if err := tlog.CheckTree(hashes(p.Proof), p.Size, root(p.Size), p.Old, root(p.Old)); err != nil {
			fail("%d in %d: %v", p.Old, p.Size, err)
		}
	}
	fmt.Printf("%d records, %d checkpoints, %d inclusions, %d consistency proofs\n",
		size, len(in.Checkpoints), len(in.Inclusions), len(in.Consistency))
}
