module gonext.io/gonext

go 1.24
