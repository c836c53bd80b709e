FROM mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled-extra
COPY out/ /app/
HEALTHCHECK CMD ["/usr/bin/curl", "-f", "http://localhost:8080/healthz"]
ENTRYPOINT ["dotnet", "/app/Cats.dll"]
