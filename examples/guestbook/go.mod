module guestbook

go 1.24

require gonext.io/gonext v0.0.0

replace gonext.io/gonext => ../../sdk/go
