// An implementation: the endpoints of the contract, around answer. Go 1.22 or later, the standard library alone.
//
// Environment: HOST, PORT, JANUS_IMPLEMENTATION.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

const maxBodyBytes = 10_000_000

var name = getenv("JANUS_IMPLEMENTATION", "mine")

// What answer does not do is refused when a request asks for it: an answer that ignores it would mislead.
var (
	unsupportedFields = strings.Fields(`response_format tool_choice stop logprobs top_logprobs logit_bias modalities
		audio functions function_call web_search_options`)
	nothing = []string{`null`, `false`, `[]`, `{}`, `"none"`, `"auto"`, `["text"]`, `{"type":"text"}`}
)

type message struct {
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"`
}

// text is the message's text; of one in parts, the parts that are text.
func (m message) text() string {
	var plain string
	if json.Unmarshal(m.Content, &plain) == nil {
		return plain
	}
	var parts []struct{ Type, Text string }
	_ = json.Unmarshal(m.Content, &parts)
	var texts []string
	for _, part := range parts {
		if part.Type == "text" {
			texts = append(texts, part.Text)
		}
	}
	return strings.Join(texts, " ")
}

type object = map[string]any

func unsupported(body map[string]json.RawMessage) string {
	if n, given := body["n"]; given && !slices.Contains([]string{"null", "1"}, string(n)) {
		return "n"
	}
	for _, field := range unsupportedFields {
		if value, given := body[field]; given && !slices.Contains(nothing, strings.ReplaceAll(string(value), " ", "")) {
			return field
		}
	}
	return ""
}

func chat(w http.ResponseWriter, r *http.Request) {
	var body map[string]json.RawMessage
	var messages []message
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBodyBytes)).Decode(&body)
	if err != nil || json.Unmarshal(body["messages"], &messages) != nil || len(messages) == 0 {
		refuse(w, "Send messages.", "messages")
		return
	}
	if field := unsupported(body); field != "" {
		refuse(w, fmt.Sprintf("`%s` is not supported here. Leave it out.", field), field)
		return
	}
	var streamed bool
	_ = json.Unmarshal(body["stream"], &streamed)
	limit := 0
	for _, field := range []string{"max_tokens", "max_completion_tokens"} {
		_ = json.Unmarshal(body[field], &limit)
	}
	head := object{"id": fmt.Sprintf("chatcmpl-%x", time.Now().UnixNano()), "created": time.Now().Unix(), "model": name}
	if streamed {
		w.Header().Set("Content-Type", "text/event-stream")
	}
	finish, said, texts := "stop", 0, map[string]string{"role": "assistant", "content": ""}
	answer(r.Context(), messages, r.Header.Get("Traceparent"), func(field, text string) {
		if field == "content" {
			if said++; limit > 0 && said > limit {
				finish = "length"
				return
			}
		}
		if streamed {
			sendChunk(w, head, object{field: text}, nil)
		} else {
			texts[field] += text
		}
	})
	if streamed {
		sendChunk(w, head, object{}, finish)
		fmt.Fprint(w, "data: [DONE]\n\n")
		return
	}
	choice := object{"index": 0, "message": texts, "finish_reason": finish}
	sendJSON(w, http.StatusOK, with(head, "chat.completion", choice))
}

func sendChunk(w http.ResponseWriter, head object, delta object, finish any) {
	choice := object{"index": 0, "delta": delta, "finish_reason": finish}
	content, _ := json.Marshal(with(head, "chat.completion.chunk", choice))
	fmt.Fprintf(w, "data: %s\n\n", content)
	w.(http.Flusher).Flush()
}

func with(head object, kind string, choice object) object {
	whole := object{"object": kind, "choices": []object{choice}}
	for key, value := range head {
		whole[key] = value
	}
	return whole
}

func refuse(w http.ResponseWriter, text, param string) {
	sendJSON(w, http.StatusBadRequest, object{
		"error": object{"message": text, "type": "invalid_request_error", "param": param, "code": nil},
	})
}

func sendJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

func getenv(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func main() {
	http.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		sendJSON(w, http.StatusOK, object{"status": "ok"})
	})
	http.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
		sendJSON(w, http.StatusOK, object{"object": "list", "data": []object{{"id": name, "object": "model"}}})
	})
	http.HandleFunc("POST /v1/chat/completions", chat)
	log.Fatal(http.ListenAndServe(net.JoinHostPort(getenv("HOST", "127.0.0.1"), getenv("PORT", "9000")), nil))
}
