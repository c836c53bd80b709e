FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY out/ .
CMD ["dotnet", "Cats.dll"]
