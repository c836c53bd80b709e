# syntax=docker/dockerfile:1
FROM mcr.microsoft.com/dotnet/sdk:8.0 AS build
COPY . /src
RUN dotnet publish /src/Cats.csproj -o /out

FROM mcr.microsoft.com/dotnet/aspnet:8.0 AS final
WORKDIR /app
COPY --from=build /out .

USER $APP_UID
# the program itself
ENTRYPOINT ["dotnet", "Cats.dll"]
