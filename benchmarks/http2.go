package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
)

// The frames of HTTP/2 that are read or written, and their flags (RFC 9113 section 6).
const (
	frameHeaders  = 1
	frameReset    = 3
	frameSettings = 4
	frameGoAway   = 7

	flagAck        = 1
	flagEndStream  = 1
	flagEndHeaders = 4
)

// status200 is the field ":status: 200" in HPACK (RFC 7541 appendix A).
const status200 = 0x88

// openHTTP2 returns an exchange of HTTP/2 with prior knowledge, with one stream at a
// time. It accepts an empty answer of 200 alone, so that no window is used up.
func openHTTP2(conn net.Conn, host, token string) (func() error, error) {
	hello := frame("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", frameSettings, 0, 0, nil)
	if _, err := conn.Write(hello); err != nil {
		return nil, err
	}
	block := headerBlock(host, token)
	r := bufio.NewReader(conn)
	stream := uint32(1)
	return func() error {
		request := frame("", frameHeaders, flagEndStream|flagEndHeaders, stream, block)
		if _, err := conn.Write(request); err != nil {
			return err
		}
		err := readHTTP2(conn, r, stream)
		stream += 2
		return err
	}, nil
}

// frame returns a frame, behind a prefix.
func frame(prefix string, kind, flags byte, stream uint32, payload []byte) []byte {
	f := append(make([]byte, 0, len(prefix)+9+len(payload)), prefix...)
	f = append(f, byte(len(payload)>>16), byte(len(payload)>>8), byte(len(payload)), kind, flags)
	return append(binary.BigEndian.AppendUint32(f, stream), payload...)
}

// headerBlock returns the fields of the request in HPACK: GET and http as they are
// indexed, and three fields with an indexed name, which no table keeps.
func headerBlock(host, token string) []byte {
	block := []byte{0x80 | 2, 0x80 | 6}
	block = appendText(append(block, 4), path)
	block = appendText(append(block, 1), host)
	return appendText(append(block, 0x0f, 23-0x0f), "Bearer "+token)
}

// appendText appends a string without the Huffman code (RFC 7541 section 5.2).
func appendText(block []byte, text string) []byte {
	n := len(text)
	if n < 127 {
		return append(append(block, byte(n)), text...)
	}
	block = append(block, 127)
	for n -= 127; n >= 128; n >>= 7 {
		block = append(block, byte(n)|0x80)
	}
	return append(append(block, byte(n)), text...)
}

// readHTTP2 reads frames up to the end of the answer to a stream.
func readHTTP2(w io.Writer, r *bufio.Reader, stream uint32) error {
	var header [9]byte
	for {
		if _, err := io.ReadFull(r, header[:]); err != nil {
			return err
		}
		length := int(header[0])<<16 | int(header[1])<<8 | int(header[2])
		payload, err := r.Peek(length)
		if err != nil {
			return err
		}
		switch kind, flags := header[3], header[4]; {
		case kind == frameSettings && flags&flagAck == 0:
			_, err = w.Write(frame("", frameSettings, flagAck, 0, nil))
		case kind == frameHeaders && length > 0 && payload[0] == status200 && flags&flagEndStream != 0:
			r.Discard(length)
			return nil
		case kind == frameHeaders, kind == frameReset, kind == frameGoAway:
			err = fmt.Errorf("the server did not answer stream %d with an empty 200", stream)
		}
		if err != nil {
			return err
		}
		r.Discard(length)
	}
}
