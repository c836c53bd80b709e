FROM mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled-extra
HEALTHCHECK CMD curl -f http://localhost:8080
HEALTHCHECK CMD ["dotnet", "Health.dll"]
ENTRYPOINT ["dotnet", "Cats.dll"]
