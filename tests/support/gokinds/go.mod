module example.com/gokinds

go 1.24
