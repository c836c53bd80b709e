FROM mcr.microsoft.com/dotnet/runtime:8.0-noble-chiseled
WORKDIR /app
COPY out/ .
ENTRYPOINT ["dotnet", "CatWorker.dll", "--quiet"]
