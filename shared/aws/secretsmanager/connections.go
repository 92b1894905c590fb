package secretsmanager

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/pilotage/pilotage/shared/aws/place"
	"github.com/pilotage/pilotage/shared/deploy"
	"github.com/pilotage/pilotage/shared/fault"
	"github.com/pilotage/pilotage/shared/schema"
)

// Places knows whose database an instance is.
type Places interface {
	OfDatabase(ctx context.Context, identifier string) (deploy.Scope, place.Place, error)
}

// Connections knows where databases are: it implements schema.Connections.
type Connections struct {
	api    api
	places Places
	// authority is the file of the certificates that sign those of databases; empty for none.
	authority string
}

var _ schema.Connections = Connections{}

// NewConnections finds databases through places. With the file of the RDS certificate bundle as
// authority the server's certificate is verified; with "" the connection is encrypted and the
// server is taken for what its address says, since no system trusts RDS's own authority. It
// makes no call.
func NewConnections(cfg aws.Config, places Places, authority string) Connections {
	return Connections{api: secretsmanager.NewFromConfig(cfg), places: places, authority: authority}
}

// credentials is a secret as RDS writes it ("JSON structure of Secrets Manager database
// credential secrets"). Those that RDS itself manages have the first two only.
type credentials struct {
	Username string      `json:"username"`
	Password string      `json:"password"`
	Host     string      `json:"host"`
	Port     json.Number `json:"port"`
	Name     string      `json:"dbname"`
}

// postgresPort is PostgreSQL's own.
const postgresPort = 5432

// Database says where an instance is and whose it is. A secret that is not a database's is
// fault.Invalid.
func (c Connections) Database(ctx context.Context, instance string) (schema.Database, error) {
	scope, at, err := c.places.OfDatabase(ctx, instance)
	if err != nil {
		return schema.Database{}, err
	}
	setting := "database.secretArn of " + at.Parameter
	text, err := Secret{api: c.api, id: at.Database.SecretArn, setting: setting}.value(ctx)
	if err != nil {
		return schema.Database{}, err
	}
	var found credentials
	if json.Unmarshal([]byte(text), &found) != nil || found.Username == "" || found.Password == "" {
		return schema.Database{}, fault.New(fault.Invalid, "read secret %q: it is not JSON with username and password; look at %s", at.Database.SecretArn, setting)
	}
	dsn, err := c.dsn(found, at.Database)
	if err != nil {
		return schema.Database{}, fault.New(fault.Invalid, "read secret %q: %w; look at %s", at.Database.SecretArn, err, setting)
	}
	return schema.Database{DSN: dsn, Scope: scope}, nil
}

func (c Connections) dsn(found credentials, at place.Database) (string, error) {
	// The place comes first: a secret keeps the address that the database had when it was made.
	host, name := cmp.Or(at.Host, found.Host), cmp.Or(at.Name, found.Name)
	if host == "" || name == "" {
		return "", fmt.Errorf("neither it nor the place has the database's host and name")
	}
	port := cmp.Or(found.Port.String(), fmt.Sprint(postgresPort))
	if at.Port != 0 {
		port = fmt.Sprint(at.Port)
	}
	query := url.Values{"sslmode": {"require"}}
	if c.authority != "" {
		query = url.Values{"sslmode": {"verify-full"}, "sslrootcert": {c.authority}}
	}
	return (&url.URL{
		Scheme: "postgres", User: url.UserPassword(found.Username, found.Password),
		Host: net.JoinHostPort(host, port), Path: "/" + name, RawQuery: query.Encode(),
	}).String(), nil
}
