FROM mcr.microsoft.com/dotnet/sdk:6.0 AS build
RUN dotnet publish -o /out
FROM mcr.microsoft.com/dotnet/aspnet:10.0
COPY --from=build /out /app
ENTRYPOINT ["dotnet", "/app/Api.dll"]
