FROM mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled-extra
WORKDIR /app
COPY out/ .
# asked by the load balancer
HEALTHCHECK --interval=30s \
    CMD curl -fs http://localhost:8080/healthz || exit 1
ENTRYPOINT ["dotnet", "Cats.dll"]
