ARG BASE
FROM registry.example.com/cats/base:1 AS a
FROM ${BASE:-registry.example.com/cats/base:2}
COPY cats /cats
CMD /cats
