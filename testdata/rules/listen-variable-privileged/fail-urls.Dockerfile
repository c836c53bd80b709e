FROM mcr.microsoft.com/dotnet/aspnet:8.0-noble-chiseled AS base
ENV ASPNETCORE_HTTP_PORTS='80;8081' DOTNET_URLS=http://*
FROM base
EXPOSE 8080
ENTRYPOINT ["dotnet", "Cats.dll"]
