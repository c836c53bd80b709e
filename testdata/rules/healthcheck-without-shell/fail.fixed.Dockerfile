FROM mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled-extra
WORKDIR /app
COPY out/ .
# asked by the load balancer
ENTRYPOINT ["dotnet", "Cats.dll"]
