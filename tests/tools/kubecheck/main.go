// Reads manifests as a Kubernetes API server would: with its own decoders, defaults and validation, and with the level
// "restricted" of its pod security. Then looks whether they fit together: that selectors select, ports lead somewhere,
// and what is mounted is there.
//
//	kubecheck [--given KIND/NAME]... FILE|FOLDER
//
// A folder is built as kustomize does. --given names what is made by other hands. The objects are printed as a JSON
// list; complaints go to standard error, one a line, with exit code 1.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

func main() {
	given, path, err := arguments(os.Args[1:])
	if err != nil {
		fail(err)
	}
	text, err := read(path)
	if err != nil {
		fail(err)
	}
	objects, complaints := decode(text)
	for _, object := range objects {
		complaints = append(complaints, object.validate()...)
	}
	complaints = append(complaints, unconnected(objects, given)...)
	for _, complaint := range complaints {
		fmt.Fprintln(os.Stderr, complaint)
	}
	if len(objects) == 0 {
		fail(fmt.Errorf("%s: there are no objects in it", path))
	}
	if len(complaints) > 0 {
		os.Exit(1)
	}
	written := make([]any, 0, len(objects))
	for _, object := range objects {
		written = append(written, object.written)
	}
	if err := json.NewEncoder(os.Stdout).Encode(written); err != nil {
		fail(err)
	}
}

func arguments(words []string) (given map[string]bool, path string, err error) {
	given = map[string]bool{}
	for len(words) > 1 && words[0] == "--given" {
		given[strings.ToLower(words[1])] = true
		words = words[2:]
	}
	if len(words) != 1 {
		return nil, "", fmt.Errorf("usage: kubecheck [--given KIND/NAME]... FILE|FOLDER")
	}
	return given, words[0], nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "kubecheck:", err)
	os.Exit(2)
}
