package client_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
)

func ExampleCheckResponse() {
	answer := httptest.NewRecorder() // stands for an answer of the API
	refusal := &bearergate.Error{Code: bearergate.ErrMissingScope, Required: "projects:write"}
	bearergate.WriteError(answer, httptest.NewRequest("GET", "/", nil), refusal)

	err := client.CheckResponse(answer.Result())
	var e *client.Error
	switch {
	case err == nil:
		fmt.Println("fine")
	case errors.As(err, &e) && e.Action == client.Reauthorize:
		fmt.Println("ask the user for", e.Required)
	case errors.Is(err, bearergate.ErrGrantRevoked):
		fmt.Println("show Reconnect")
	}
	// Output:
	// ask the user for [projects:write]
}

func ExampleTransport() {
	transport, err := client.New(client.Config{
		APIURL:       "https://api.example",
		TokenURL:     "https://api.example/oauth/token",
		MintURL:      "https://api.example/installations/{grantId}/tokens",
		ClientID:     "app-1",
		ClientSecret: "secret",
		Connections:  new(client.MemoryConnections), // yours is a table
		ConnectionID: "user-1",
		Dead:         func(err error) { fmt.Println("show Reconnect:", err) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	api := &http.Client{Transport: transport}
	_, err = api.Get("https://api.example/v1/projects")
	fmt.Println(errors.Is(err, client.ErrNoConnection))
	// Output:
	// true
}
