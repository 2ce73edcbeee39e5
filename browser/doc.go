// Package browser tests the reference page in Chromium. It contains only tests.
package browser
