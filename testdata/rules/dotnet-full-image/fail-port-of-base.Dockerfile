FROM mcr.microsoft.com/dotnet/aspnet:6.0
COPY out/ /app/
WORKDIR /app
EXPOSE 80
ENTRYPOINT ["dotnet", "Cats.dll"]
