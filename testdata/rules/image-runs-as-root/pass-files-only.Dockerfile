FROM golang:1.25 AS build
RUN go build -o /out/cats ./...

# for `docker build --output`
FROM scratch AS binaries
COPY --from=build /out /
