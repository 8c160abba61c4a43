// Serves Go's net/http: reads a call per line from standard input, and prints its outcome in a line.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
)

type Call struct {
	Function  string
	Arguments struct {
		BaseURL string `json:"base_url"`
		APIKey  string `json:"api_key"`
		Request map[string]any
		Texts   []string
	}
}

// Outcome maps the names of a result's parts to their values; a stream's parts are lists.
type Outcome map[string]any

// Refusal is a status that the program finds to be no success; the client has no errors for statuses.
type Refusal struct {
	Status int
	Wait   string
	Err    struct{ Message, Code string } `json:"error"`
}

func (refusal *Refusal) Error() string { return refusal.Err.Message }

type Answer struct {
	Choices []struct {
		Message      struct{ Content string }
		Delta        struct{ Content string }
		FinishReason string `json:"finish_reason"`
	}
	Data  []struct{ Embedding json.RawMessage }
	Usage json.RawMessage
}

func main() {
	calls := bufio.NewReader(os.Stdin)
	for {
		line, err := calls.ReadBytes('\n')
		if err != nil {
			return
		}
		var call Call
		if err := json.Unmarshal(line, &call); err != nil {
			panic(err)
		}
		outcome := Outcome{}
		if err := outcome.run(call); err != nil {
			outcome["error"] = described(err)
		}
		said, _ := json.Marshal(outcome)
		fmt.Println(string(said))
	}
}

func (outcome Outcome) run(call Call) error {
	chats := call.Arguments.BaseURL + "/chat/completions"
	switch call.Function {
	case "chat":
		return outcome.chat(chats, call)
	case "stream":
		call.Arguments.Request["stream"] = true
		return outcome.stream(chats, call)
	case "embed":
		return outcome.embed(call.Arguments.BaseURL+"/embeddings", call)
	default:
		outcome["versions"] = []string{runtime.Version()}
		return nil
	}
}

func (outcome Outcome) chat(url string, call Call) error {
	answer, err := read(post(url, call.Arguments.APIKey, call.Arguments.Request))
	if err == nil {
		choice := answer.Choices[0]
		outcome["text"], outcome["finish"], outcome["usage"] = choice.Message.Content, choice.FinishReason, answer.Usage
	}
	return err
}

func (outcome Outcome) stream(url string, call Call) error {
	response, err := post(url, call.Arguments.APIKey, call.Arguments.Request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		line := lines.Text()
		if !strings.HasPrefix(line, "data: ") || line == "data: [DONE]" {
			continue
		}
		var chunk Answer
		if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "data: ")), &chunk); err != nil {
			return err
		}
		outcome.add("text", chunk.Choices[0].Delta.Content)
		if reason := chunk.Choices[0].FinishReason; reason != "" {
			outcome.add("finish", reason)
		}
		if chunk.Usage != nil {
			outcome.add("usage", chunk.Usage)
		}
	}
	// The loop also ends at an error.
	return lines.Err()
}

func (outcome Outcome) embed(url string, call Call) error {
	answer, err := read(post(url, call.Arguments.APIKey, map[string]any{"input": call.Arguments.Texts}))
	if err == nil {
		outcome["usage"] = answer.Usage
		for _, one := range answer.Data {
			outcome.add("vectors", one.Embedding)
		}
	}
	return err
}

func (outcome Outcome) add(name string, value any) {
	values, _ := outcome[name].([]any)
	outcome[name] = append(values, value)
}

func post(url, key string, body any) (*http.Response, error) {
	encoded, _ := json.Marshal(body)
	request, err := http.NewRequest("POST", url, bytes.NewReader(encoded))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode == http.StatusOK {
		return response, err
	}
	defer response.Body.Close()
	refusal := &Refusal{Status: response.StatusCode, Wait: response.Header.Get("Retry-After")}
	if err := json.NewDecoder(response.Body).Decode(refusal); err != nil {
		return nil, err
	}
	return nil, refusal
}

func read(response *http.Response, err error) (answer Answer, _ error) {
	if err != nil {
		return answer, err
	}
	defer response.Body.Close()
	return answer, json.NewDecoder(response.Body).Decode(&answer)
}

func described(err error) Outcome {
	told := Outcome{"names": []string{fmt.Sprintf("%T", err)}, "message": err.Error()}
	var refusal *Refusal
	if errors.As(err, &refusal) {
		told["names"] = []string{"resp.StatusCode"}
		told["status"], told["code"], told["retry_after"] = refusal.Status, refusal.Err.Code, refusal.Wait
	} else if errors.Is(err, io.ErrUnexpectedEOF) {
		told["names"] = []string{"io.ErrUnexpectedEOF"}
	}
	return told
}
