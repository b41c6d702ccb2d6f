module carrel.dev/bench/poster

go 1.26.0
