package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/pilotage/pilotage/local/postgres"
)

// identity is a certificate of this run for 127.0.0.1, and a client that trusts it.
type identity struct {
	config *tls.Config
	client *http.Client
}

func newIdentity() (identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return identity{}, fmt.Errorf("make a key: %w", err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "pilotage e2e"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		return identity{}, fmt.Errorf("make a certificate: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return identity{}, err
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(certificate)
	return identity{
		config: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12},
		client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}}},
	}, nil
}

// front puts TLS before an instance of PostgreSQL, which the product asks of RDS and the embedded
// server does not have. It returns its port.
func (w *world) front(ctx context.Context, instance string) (int, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("listen before PostgreSQL: %w", err)
	}
	w.onClose(listener.Close)
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // it was closed
			}
			// The address is asked for anew each time: another instance may have taken the name.
			if to, err := w.server.Endpoint(instance); err == nil {
				go splice(client, w.identity.config, to)
				continue
			}
			_ = client.Close() // nobody listens behind it
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// splice answers an SSLRequest (PostgreSQL manual, "Message Flow: SSL Session Encryption") and
// passes on what comes after.
func splice(client net.Conn, config *tls.Config, to postgres.Endpoint) {
	defer client.Close() //nolint:errcheck // nothing can be done
	var request [8]byte
	if _, err := io.ReadFull(client, request[:]); err != nil {
		return
	}
	if _, err := client.Write([]byte("S")); err != nil {
		return
	}
	secured := tls.Server(client, config)
	server, err := net.Dial("tcp", net.JoinHostPort(to.Host, strconv.Itoa(to.Port))) //nolint:noctx // ends with the client
	if err != nil {
		return
	}
	defer server.Close() //nolint:errcheck // nothing can be done
	go func() {
		_, _ = io.Copy(server, secured) // ends with either
		_ = server.Close()
	}()
	_, _ = io.Copy(secured, server) // ends with either
}
