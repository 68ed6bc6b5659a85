// Renders templates as Ollama does: reads [{"template", "messages": [{"Role", "Content"}]}] and writes the texts, or what is wrong with a template.
//
//	go run test/export/gguf/modelfile_render.go < CASES.json
package main

import (
	"encoding/json"
	"os"
	"strings"
	"text/template"
)

type message struct{ Role, Content string }

type job struct {
	Template string
	Messages []*message
}

func render(one job) string {
	parsed, err := template.New("").Option("missingkey=zero").Parse(one.Template)
	if err != nil {
		return "refused: " + err.Error()
	}
	// Ollama gathers system prompts and leaves them in their places.
	var system []string
	for _, each := range one.Messages {
		if each.Role == "system" {
			system = append(system, each.Content)
		}
	}
	var text strings.Builder
	values := map[string]any{"System": strings.Join(system, "\n\n"), "Messages": one.Messages, "Tools": nil, "Response": ""}
	if err := parsed.Execute(&text, values); err != nil {
		return "failed: " + err.Error()
	}
	return text.String()
}

func main() {
	var jobs []job
	if err := json.NewDecoder(os.Stdin).Decode(&jobs); err != nil {
		panic(err)
	}
	texts := make([]string, len(jobs))
	for at, one := range jobs {
		texts[at] = render(one)
	}
	json.NewEncoder(os.Stdout).Encode(texts)
}
