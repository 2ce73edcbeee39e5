// Package client is for apps that call an API guarded by bearergate: it does what
// each of the documented errors asks for.
//
// [CheckResponse] makes a typed error of an answer. [Transport] acts on the error:
// it holds the tokens of a connection, renews them, repeats requests, waits for
// Retry-After, and stops when the connection is dead.
//
//	transport, err := client.New(client.Config{
//		APIURL:       "https://api.example",
//		TokenURL:     "https://api.example/oauth/token",
//		MintURL:      "https://api.example/installations/{grantId}/tokens",
//		ClientID:     "app-1",
//		ClientSecret: secret,
//		Connections:  connections, // stores the refresh token
//		ConnectionID: "user-1",
//		Dead:         func(error) { showReconnect("user-1") },
//	})
//	api := &http.Client{Transport: transport}
package client
