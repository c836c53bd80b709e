FROM alpine:3.22
  ENTRYPONT ["/cats"]
USER 5
