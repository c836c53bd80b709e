FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled-extra
WORKDIR /app
COPY out/ .
USER $APP_UID
ENTRYPOINT ["dotnet", "Cats.dll"]
