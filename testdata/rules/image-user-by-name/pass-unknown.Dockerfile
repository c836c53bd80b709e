FROM registry.example.com/base:1
USER $RUN_AS
CMD ["/cats"]
