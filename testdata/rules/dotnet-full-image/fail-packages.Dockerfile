FROM mcr.microsoft.com/dotnet/aspnet:8.0-jammy
RUN apt-get update && apt-get install -y --no-install-recommends libgdiplus
WORKDIR /app
COPY out/ .
ENTRYPOINT ["dotnet", "CatPictures.dll"]
