module carrel.dev/bench/caller

go 1.26.0
