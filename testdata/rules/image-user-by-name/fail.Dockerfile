FROM mcr.microsoft.com/dotnet/aspnet:8.0-noble
WORKDIR /app
COPY --chown=app:app out/ .
USER app
ENTRYPOINT ["dotnet", "Cats.dll"]
