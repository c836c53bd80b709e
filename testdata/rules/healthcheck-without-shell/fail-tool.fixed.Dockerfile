FROM mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled-extra
COPY out/ /app/
ENTRYPOINT ["dotnet", "/app/Cats.dll"]
