FROM registry.example.com/base:1
RUN useradd --system cats
ARG RUN_AS="cats"
USER ${RUN_AS}
CMD ["/cats"]
