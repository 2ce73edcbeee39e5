// Package client is the other half of bearergate: what an app does about each of
// the documented errors.
//
// [CheckResponse] makes a typed error of an answer. [Transport] does what the
// error says: it holds the tokens of a connection, renews them, repeats what can
// be repeated, waits as long as it is told, and stops when the connection is dead.
//
//	transport, err := client.New(client.Config{
//		APIURL:       "https://api.example",
//		TokenURL:     "https://api.example/oauth/token",
//		MintURL:      "https://api.example/installations/{grantId}/tokens",
//		ClientID:     "app-1",
//		ClientSecret: secret,
//		Connections:  connections, // where the refresh token is kept
//		ConnectionID: "user-1",
//		Dead:         func(error) { showReconnect("user-1") },
//	})
//	api := &http.Client{Transport: transport}
package client
