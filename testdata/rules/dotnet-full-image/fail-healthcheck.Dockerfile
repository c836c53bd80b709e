FROM mcr.microsoft.com/dotnet/aspnet:8.0-jammy
WORKDIR /app
COPY out/ .
ENV ASPNETCORE_HTTP_PORTS=80
EXPOSE 80
HEALTHCHECK --interval=30s CMD curl -fs http://localhost:80/healthz || exit 1
ENTRYPOINT ["dotnet", "Cats.dll"]
