package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const maxAnswerBytes = 5_000_000

// Its transport takes the proxy from HTTPS_PROXY, the only way out, and trusts the certificates in SSL_CERT_FILE.
var services = &http.Client{Timeout: 30 * time.Second}

type result struct {
	Title, URL, Snippet string
}

// answer says what it thinks ("reasoning_content") and answers ("content") to a conversation, piece by piece.
func answer(ctx context.Context, messages []message, trace string, say func(field, text string)) {
	question := messages[len(messages)-1].text()
	say("reasoning_content", "Searching for: "+question+" ")
	results, err := search(ctx, question, trace)
	if err != nil {
		say("reasoning_content", fmt.Sprintf("Search cannot be asked: %v. ", err))
	}
	if len(results) == 0 {
		sayWords("My search gave me no page.", say)
		return
	}
	sayWords(results[0].Snippet+"\n\nSources:\n", say)
	for _, one := range results {
		say("content", fmt.Sprintf("- [%s](%s)\n", one.Title, one.URL))
	}
}

func sayWords(text string, say func(field, text string)) {
	for _, word := range strings.SplitAfter(text, " ") {
		say("content", word)
	}
}

func search(ctx context.Context, question, trace string) ([]result, error) {
	body, err := json.Marshal(map[string]any{"query": question, "num_results": 3})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, "POST", "https://search.janus.rodeo/search", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if trace != "" { // With the context of the request that it serves, the call shows in that request's trace.
		request.Header.Set("Traceparent", trace)
	}
	response, err := services.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %d", response.StatusCode)
	}
	var found struct{ Results []result }
	err = json.NewDecoder(io.LimitReader(response.Body, maxAnswerBytes)).Decode(&found)
	return found.Results, err
}
