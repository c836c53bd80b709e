FROM mcr.microsoft.com/dotnet/sdk:8.0-alpine AS build
COPY . /src
RUN dotnet publish /src/Cats.csproj -r linux-musl-x64 --self-contained -o /out
FROM mcr.microsoft.com/dotnet/runtime-deps:8.0-alpine
COPY --from=build /out /app
ENTRYPOINT ["/app/Cats"]
