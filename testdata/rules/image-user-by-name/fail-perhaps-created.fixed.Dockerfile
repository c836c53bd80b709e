FROM registry.example.com/base:1
RUN id cats || useradd --uid 1001 cats
USER 1001
CMD ["/cats"]
