package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	plain "sigs.k8s.io/yaml"
)

// One object of the manifests.
type object struct {
	name    string         // KIND/NAME
	written map[string]any // as it stands there
	typed   runtime.Object // of the published API, with defaults
}

func read(path string) ([]byte, error) {
	about, err := os.Stat(path)
	if err != nil || !about.IsDir() {
		return os.ReadFile(path)
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), path)
	if err != nil {
		return nil, err
	}
	return built.AsYaml()
}

// Takes no field that the API does not know, and none twice.
func decode(text []byte) (objects []object, complaints []string) {
	scheme := legacyscheme.Scheme
	if err := monitoring.AddToScheme(scheme); err != nil {
		fail(err)
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for number := 1; ; number++ {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return objects, complaints
		}
		if err != nil {
			fail(err)
		}
		var written map[string]any
		if err := plain.UnmarshalStrict(document, &written); err != nil {
			complaints = append(complaints, fmt.Sprintf("document %d: %v", number, err))
			continue
		}
		if written == nil {
			continue // comments only
		}
		typed, kind, err := decoder.Decode(document, nil, nil)
		if err != nil {
			complaints = append(complaints, fmt.Sprintf("document %d: %v", number, err))
			continue
		}
		scheme.Default(typed)
		about, err := meta.Accessor(typed)
		if err != nil {
			fail(err)
		}
		objects = append(objects, object{kind.Kind + "/" + about.GetName(), written, typed})
	}
}
