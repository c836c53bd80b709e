FROM mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled-extra
COPY --from=tools /curl /app/curl
# its own
HEALTHCHECK CMD ["/app/curl", "-f", "http://localhost:8080/healthz"]
ENTRYPOINT ["dotnet", "/app/Cats.dll"]
