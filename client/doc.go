// Package client calls an API guarded by bearergate on behalf of an app, and reacts
// to each of the documented errors.
//
// [Transport] is a [net/http.RoundTripper] that holds the tokens of a connection,
// renews them, repeats requests, waits for Retry-After, and stops when the
// connection is dead. [CheckResponse] returns a refusal as a typed [Error], for
// apps with a transport of their own.
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
